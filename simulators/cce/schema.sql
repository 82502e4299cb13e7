-- Tables of CCE as its Database Schema Handbook 15.0(1) has them, in T-SQL: simulators.cce.schema makes
-- PostgreSQL's of it.
CREATE TABLE dbo.t_Campaign (
  [AMDTreatmentMode] int NOT NULL, [APIGenerated] char(1) NOT NULL, [AbandonCustomerCallback] int,
  [AbandonEnabled] char(1) NOT NULL, [AbandonPercent] float NOT NULL, [AbandonedDialerCallback] int,
  [AnswerDetectEnabled] char(1) NOT NULL, [AnsweringMachineCallback] int, [BusyCallback] int NOT NULL,
  [BusyRetryEnabled] char(1) NOT NULL, [CPAAnalysisPeriod] int, [CPAMaxTermToneAnalysis] int,
  [CPAMaxTimeAnalysis] int NOT NULL, [CPAMinSilencePeriod] int NOT NULL, [CPAMinimumValidSpeech] int NOT NULL,
  [CallbackTimeLimit] smallint NOT NULL, [CampaignID] int NOT NULL, [CampaignName] varchar(32) NOT NULL,
  [CampaignPurposeType] int NOT NULL, [CancelRinging] int NOT NULL, [CancelledCallRetryTime] int,
  [ChangeStamp] int NOT NULL, [CloseAbandonedToIVR] char(1) NOT NULL, [ConfigParam] varchar(255),
  [CustomerNotHomeCallback] int, [DSTLocation] int, [DateTimeStamp] datetime, [Deleted] char(1) NOT NULL,
  [DepartmentID] int, [Description] varchar(255), [DisableCPA] char(1) NOT NULL,
  [EdgeDetectEnabled] char(1) NOT NULL, [EnableMediaTermination] char(1) NOT NULL,
  [EnableRecordWaveFile] char(1) NOT NULL, [Enabled] char(1) NOT NULL, [EndDate] datetime,
  [ExhaustedCallsEnabled] char(1) NOT NULL, [FutureUseFloat1] float, [FutureUseFloat2] float,
  [FutureUseFloat3] float, [FutureUseInt1] int, [FutureUseInt2] int, [FutureUseInt3] int, [FutureUseInt4] int,
  [FutureUseInt5] int, [FutureUseVarchar1] varchar(64), [FutureUseVarchar2] varchar(64),
  [FutureUseVarchar3] varchar(64), [HomeEnabled] char(1) NOT NULL, [HomeEndHours] int NOT NULL,
  [HomeEndMinutes] int NOT NULL, [HomeStartHours] int NOT NULL, [HomeStartMinutes] int NOT NULL,
  [IPAMDEnabled] char(1) NOT NULL, [IPTerminatingBeepDetect] char(1) NOT NULL,
  [LeaveMessageEnabled] char(1) NOT NULL, [LinesPerAgent] float NOT NULL, [MaxAttempts] int NOT NULL,
  [MaxBusyAttempts] smallint NOT NULL, [MaximumLineAgent] float NOT NULL, [MinimumCallDuration] smallint NOT NULL,
  [NoAnswerCallback] int NOT NULL, [NoAnswerRingLimit] int NOT NULL, [PersonalizedCallbackEnabled] char(1) NOT NULL,
  [PredictiveCorrectionPace] int, [PredictiveGain] float, [PredictiveHistoricGain] float,
  [PredictiveLowAbandonGain] float, [PrefixDigits] varchar(15), [QuickDetectEnabled] char(1) NOT NULL,
  [ReleaseCallbackEnabled] char(1) NOT NULL, [RescheduleCallbackMode] smallint NOT NULL,
  [SPClosedRecordCount] smallint NOT NULL, [SPClosedRecordEnabled] char(1) NOT NULL, [StartDate] datetime,
  [UseGMTFromRegionPrefix] char(1) NOT NULL, [WaitForBusyRetry] char(1) NOT NULL, [WorkEnabled] char(1) NOT NULL,
  [WorkEndHours] int NOT NULL, [WorkEndMinutes] int NOT NULL, [WorkStartHours] int NOT NULL,
  [WorkStartMinutes] int NOT NULL, [TZDisplayName] varchar(128), CONSTRAINT XPKCampaign PRIMARY KEY (CampaignID)
);
CREATE TABLE dbo.t_Campaign_Query_Rule (
  [CampaignID] int NOT NULL, [Duration] int NOT NULL, [DurationEnabled] char(1) NOT NULL, [EndHours] int NOT NULL,
  [EndMinutes] int NOT NULL, [FutureUseInt1] int, [FutureUseInt2] int, [FutureUseInt3] int, [FutureUseInt4] int,
  [FutureUseInt5] int, [FutureUseVarchar1] varchar(64), [FutureUseVarchar2] varchar(64),
  [FutureUseVarchar3] varchar(64), [HitRate] int NOT NULL, [HitRateEnabled] char(1) NOT NULL,
  [ListOrder] int NOT NULL, [Penetration] int NOT NULL, [PenetrationEnabled] char(1) NOT NULL,
  [QueryRuleEnabled] char(1) NOT NULL, [QueryRuleID] int NOT NULL, [StartHours] int NOT NULL,
  [StartMinutes] int NOT NULL, CONSTRAINT XPKCampaign_Query_Rule PRIMARY KEY (CampaignID, QueryRuleID)
);
CREATE TABLE dbo.t_Campaign_Skill_Group (
  [AbandonedRoutePoint] varchar(50), [AutoAnswerReservationCall] int, [CampaignID] int NOT NULL,
  [ConfigParam] varchar(255), [DialedNumber] varchar(32), [DialingMode] smallint, [FutureUseInt1] int,
  [FutureUseInt2] int, [FutureUseInt3] int, [FutureUseInt4] int, [FutureUseInt5] int,
  [FutureUseVarchar1] varchar(64), [FutureUseVarchar2] varchar(64), [FutureUseVarchar3] varchar(64),
  [IVRPorts] int NOT NULL, [IVRRoutePoint] varchar(50), [OverflowAgents] int NOT NULL, [RecordsToCache] int NOT NULL,
  [ReservationPercentage] int, [SkillTargetID] int NOT NULL,
  CONSTRAINT XPKCampaign_Skill_Group PRIMARY KEY (CampaignID, SkillTargetID)
);
CREATE TABLE dbo.t_Campaign_Target_Sequence (
  [CampaignID] int NOT NULL, [ConfigParam] varchar(255), [FutureUseInt1] int, [FutureUseInt2] int,
  [FutureUseInt3] int, [FutureUseInt4] int, [FutureUseInt5] int, [FutureUseVarchar1] varchar(64),
  [FutureUseVarchar2] varchar(64), [FutureUseVarchar3] varchar(64), [PhoneIndex] int NOT NULL,
  [SequenceNumber] int NOT NULL, [ZoneIndex] int NOT NULL,
  CONSTRAINT XPKCampaign_Target_Sequence PRIMARY KEY (CampaignID, SequenceNumber)
);
CREATE TABLE dbo.t_Dialer_Detail (
  [RecoveryKey] float NOT NULL, [DateTime] datetime NOT NULL, [TimeZone] int, [CustomerTimeZone] int,
  [DbDateTime] datetime, [CampaignID] int, [CallResult] int, [CallResultDetail] int, [CallStatusZone1] char(1),
  [CallStatusZone2] char(1), [QueryRuleID] int, [DialingListID] int, [Phone] varchar(20), [PhoneExt] varchar(8),
  [SkillGroupSkillTargetID] int, [PhoneIndex] int, [PhoneID] int, [ZoneIndex] smallint,
  [AgentPeripheralNumber] varchar(32), [PeripheralID] int, [PeripheralCallKey] int, [CallDuration] int,
  [AccountNumber] varchar(128), [FirstName] varchar(50), [LastName] varchar(50), [CallbackPhone] varchar(20),
  [CallbackDateTime] smalldatetime, [DialingMode] int, [DialerID] int, [PortNumber] int,
  [ImportRuleDateTime] datetime, [InternalUse1] int, [InternalUse2] int, [InternalUse3] int, [InternalUse4] int,
  [InternalUse5] int, [InternalUse6] int, [InternalUse7] int, [InternalUse8] int, [InternalUse9] int,
  [InternalUse10] int, [InternalUse11] int, [FutureUseInt1] int, [FutureUseInt2] int, [FutureUseInt3] int,
  [FutureUseInt4] int, [FutureUseInt5] int, [FutureUseInt6] int, [FutureUseInt7] int, [FutureUseInt8] int,
  [FutureUseVarChar1] varchar(64), [FutureUseVarChar2] varchar(64), [FutureUseVarChar3] varchar(64),
  [FutureUseVarChar4] varchar(64), [RouterCallKey] int, [CallGUID] varchar(32), [RouterCallKeyDay] int,
  [WrapupData] varchar(40), [PickupTime] int, [MaxActiveGlitchTime] int, [NumOfActiveGlitches] int,
  [ValidSpeechTime] int, [MaxPostSpeechSilenceGlitchTime] int, [NumOfPostSpeechSilenceGlitches] int,
  [SilencePeriod] int, [TermToneDetectionTime] int, [MaxZCRstdev] int, [NoiseThreshold] int, [ActiveThreshold] int,
  [ReservationCallDuration] int, [PreviewTime] int, [CampaignReportingDateTime] datetime, [ProtocolID] int,
  [IdleTime] int, CONSTRAINT XPKDialer_Detail PRIMARY KEY (RecoveryKey)
);
CREATE TABLE dbo.t_Import_Rule (
  [APIGenerated] char(1) NOT NULL, [ChangeStamp] int NOT NULL, [ContactTableName] varchar(64) NOT NULL,
  [DateTimeStamp] datetime, [DayOfMonth] int, [Deleted] char(1) NOT NULL, [DelimiterType] char(1) NOT NULL,
  [DepartmentID] int, [Enabled] char(1) NOT NULL, [FilePath] varchar(255), [FilePollingEnabled] char(1) NOT NULL,
  [FridayEnabled] char(1) NOT NULL, [FutureUseInt1] int, [FutureUseInt2] int, [FutureUseInt3] int,
  [FutureUseInt4] int, [FutureUseInt5] int, [FutureUseVarchar1] varchar(64), [FutureUseVarchar2] varchar(64),
  [FutureUseVarchar3] varchar(64), [ImportRuleID] int NOT NULL, [ImportRuleName] varchar(32) NOT NULL,
  [ImportType] int NOT NULL, [MondayEnabled] char(1) NOT NULL, [MonthlyEnabled] char(1) NOT NULL,
  [OverwriteEnabled] char(1) NOT NULL, [RenameEnabled] char(1) NOT NULL, [RenameMaxVersions] smallint NOT NULL,
  [SaturdayEnabled] char(1) NOT NULL, [ScheduleStartHours] int NOT NULL, [ScheduleStartMinutes] int NOT NULL,
  [SundayEnabled] char(1) NOT NULL, [ThursdayEnabled] char(1) NOT NULL, [TuesdayEnabled] char(1) NOT NULL,
  [WednesdayEnabled] char(1) NOT NULL, CONSTRAINT XPKImport_Rule PRIMARY KEY (ImportRuleID)
);
CREATE TABLE dbo.t_Import_Rule_Clause (
  [DecimalPlaces] int NOT NULL, [FieldName] varchar(64) NOT NULL, [FutureUseInt1] int, [FutureUseInt2] int,
  [FutureUseInt3] int, [FutureUseInt4] int, [FutureUseInt5] int, [FutureUseVarchar1] varchar(64),
  [FutureUseVarchar2] varchar(64), [FutureUseVarchar3] varchar(64), [ImportRuleID] int NOT NULL,
  [IndexColumnEnabled] char(1) NOT NULL, [Length] int NOT NULL, [NullEnabled] char(1) NOT NULL,
  [SequenceNumber] int NOT NULL, [StandardColumnType] int, [Type] int NOT NULL,
  CONSTRAINT XPKImport_Rule_Clause PRIMARY KEY (ImportRuleID, SequenceNumber)
);
CREATE TABLE dbo.t_Import_Rule_History (
  [BadRecords] int NOT NULL, [EndDateTime] datetime NOT NULL, [GoodRecords] int NOT NULL, [ListImportType] int,
  [ImportType] int, [FutureUseInt3] int, [FutureUseInt4] int, [FutureUseInt5] int, [ImportedToDialingListCount] int,
  [ImportRuleID] int NOT NULL, [RecoveryKey] float NOT NULL, [StartDateTime] datetime NOT NULL,
  [TimeZone] int NOT NULL, [TotalRecords] int NOT NULL, [UnmatchedRegionPrefixCount] int,
  CONSTRAINT XPKImport_Rule_History PRIMARY KEY (StartDateTime, ImportRuleID, TimeZone)
);
CREATE TABLE dbo.t_Import_Rule_Real_Time (
  [BadRecords] int, [DateTime] datetime NOT NULL, [DateTimeStart] datetime, [FutureUseInt1] int, [FutureUseInt2] int,
  [FutureUseInt3] int, [FutureUseInt4] int, [FutureUseInt5] int, [GoodRecords] int, [ImportRuleID] int NOT NULL,
  [Status] int, [TotalRecords] int, CONSTRAINT XPKImport_Rule_Real_Time PRIMARY KEY (ImportRuleID)
);
CREATE TABLE dbo.t_Query_Rule (
  [APIGenerated] char(1) NOT NULL, [ChangeStamp] int NOT NULL, [DateTimeStamp] datetime, [Deleted] char(1) NOT NULL,
  [Description] varchar(255), [DepartmentID] int, [Enabled] char(1) NOT NULL, [FutureUseInt1] int,
  [FutureUseInt2] int, [FutureUseInt3] int, [FutureUseInt4] int, [FutureUseInt5] int,
  [FutureUseVarchar1] varchar(64), [FutureUseVarchar2] varchar(64), [FutureUseVarchar3] varchar(64),
  [ImportRuleID] int NOT NULL, [QueryRuleID] int NOT NULL, [QueryRuleName] varchar(32) NOT NULL,
  CONSTRAINT XPKQuery_Rule PRIMARY KEY (QueryRuleID)
);
CREATE TABLE dbo.t_Query_Rule_Clause (
  [FutureUseInt1] int, [FutureUseInt2] int, [FutureUseInt3] int, [FutureUseInt4] int, [FutureUseInt5] int,
  [FutureUseVarchar1] varchar(64), [FutureUseVarchar2] varchar(64), [FutureUseVarchar3] varchar(64),
  [QueryRuleID] int NOT NULL, [RuleData] varchar(255) NOT NULL, [SequenceNumber] int NOT NULL,
  CONSTRAINT XPKQuery_Rule_Clause PRIMARY KEY (QueryRuleID, SequenceNumber)
);
CREATE TABLE dbo.t_Skill_Group (
  [AvailableHoldoffDelay] smallint NOT NULL, [BaseSkillTargetID] int, [BucketIntervalID] int,
  [ChangeStamp] int NOT NULL, [ConfigParam] varchar(255), [DateTimeStamp] datetime, [DefaultEntry] int NOT NULL,
  [Deleted] char(1) NOT NULL, [DepartmentID] int, [Description] varchar(255), [EnterpriseName] varchar(32) NOT NULL,
  [Extension] varchar(10), [IPTA] char(1) NOT NULL, [MRDomainID] int NOT NULL, [PeripheralID] smallint NOT NULL,
  [PeripheralName] varchar(32) NOT NULL, [PeripheralNumber] int NOT NULL, [PrecisionQueueID] int,
  [Priority] smallint NOT NULL, [ScheduleID] int, [ServiceLevelThreshold] int NOT NULL,
  [ServiceLevelType] smallint NOT NULL, [SkillTargetID] int NOT NULL, [SubGroupMaskType] smallint NOT NULL,
  [SubSkillGroupMask] varchar(64), [UserDeletable] char(1) NOT NULL,
  CONSTRAINT XPKSkill_Group PRIMARY KEY (SkillTargetID)
);
CREATE TABLE dbo.DL (
  [DialingListID] int IDENTITY NOT NULL PRIMARY KEY, [AccountNumber] varchar(30), [LastName] varchar(50),
  [FirstName] varchar(50),
  [Phone01] varchar(20), [Phone02] varchar(20), [Phone03] varchar(20), [Phone04] varchar(20), [Phone05] varchar(20), [Phone06] varchar(20), [Phone07] varchar(20), [Phone08] varchar(20), [Phone09] varchar(20), [Phone10] varchar(20),
  [PhoneExt01] varchar(8), [PhoneExt02] varchar(8), [PhoneExt03] varchar(8), [PhoneExt04] varchar(8), [PhoneExt05] varchar(8), [PhoneExt06] varchar(8), [PhoneExt07] varchar(8), [PhoneExt08] varchar(8), [PhoneExt09] varchar(8), [PhoneExt10] varchar(8),
  [CallbackNumber] varchar(20), [CallResult] smallint,
  [CallResult01] smallint, [CallResult02] smallint, [CallResult03] smallint, [CallResult04] smallint, [CallResult05] smallint, [CallResult06] smallint, [CallResult07] smallint, [CallResult08] smallint, [CallResult09] smallint, [CallResult10] smallint,
  [LastZoneDialed] smallint, [LastNumberDialedZone1] smallint, [LastNumberDialedZone2] smallint,
  [CallsMadeToZone1] smallint, [CallsMadeToZone2] smallint, [CallbackDateTimeZone1] datetime,
  [CallbackDateTimeZone2] datetime,
  [CallbackDateTime01] datetime, [CallbackDateTime02] datetime, [CallbackDateTime03] datetime, [CallbackDateTime04] datetime, [CallbackDateTime05] datetime, [CallbackDateTime06] datetime, [CallbackDateTime07] datetime, [CallbackDateTime08] datetime, [CallbackDateTime09] datetime, [CallbackDateTime10] datetime,
  [GMTPhone01] smallint, [GMTPhone02] smallint, [GMTPhone03] smallint, [GMTPhone04] smallint, [GMTPhone05] smallint, [GMTPhone06] smallint, [GMTPhone07] smallint, [GMTPhone08] smallint, [GMTPhone09] smallint, [GMTPhone10] smallint,
  [DSTPhone01] smallint, [DSTPhone02] smallint, [DSTPhone03] smallint, [DSTPhone04] smallint, [DSTPhone05] smallint, [DSTPhone06] smallint, [DSTPhone07] smallint, [DSTPhone08] smallint, [DSTPhone09] smallint, [DSTPhone10] smallint,
  [CallStatusZone1] char(1), [CallStatusZone2] char(1), [ImportRuleDate] datetime
);
CREATE TABLE dbo.t_Agent (
  [SkillTargetID] int NOT NULL, [PersonID] int NOT NULL, [PeripheralID] smallint NOT NULL,
  [PeripheralNumber] varchar(32) NOT NULL, [EnterpriseName] varchar(32) NOT NULL, [Deleted] char(1) NOT NULL,
  [ChangeStamp] int NOT NULL, CONSTRAINT XPKAgent PRIMARY KEY (SkillTargetID),
  CONSTRAINT XAK1Agent UNIQUE (PeripheralID, PeripheralNumber)
);
CREATE TABLE dbo.Personal_Callback_List (
  [PersonalCallbackListID] int IDENTITY NOT NULL PRIMARY KEY, [DialingListID] int, [CampaignID] int,
  [PeripheralID] int, [AgentID] int, [CampaignDN] varchar(12), [GMTZone] smallint, [Phone] varchar(20),
  [AccountNumber] varchar(32), [MaxAttempts] int, [CallbackDateTime] datetime, [CallStatus] char(1),
  [CallResult] smallint, [LastName] char(50), [FirstName] char(50), [InsertedIntoDBDateTime] datetime,
  [SentToDialerDateTime] datetime
);
CREATE TABLE dbo.Do_Not_Call (
  [Phone] varchar(20), [PhoneExt] varchar(8), [DoNotCallID] int IDENTITY NOT NULL
);
